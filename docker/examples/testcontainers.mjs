// Malachite for a test, with Testcontainers for Node.js.
import { GenericContainer, Wait } from 'testcontainers'

export async function startMalachite() {
    const container = await new GenericContainer('malachite:latest')
        .withExposedPorts(8080)
        .withWaitStrategy(Wait.forHttp('/_malachite/ready', 8080).forStatusCode(200))
        .start()
    return { container, url: `http://${container.getHost()}:${container.getMappedPort(8080)}` }
}
