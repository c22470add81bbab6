// Malachite for a test, with Testcontainers for Node.js.
import { GenericContainer, Wait } from 'testcontainers'

// With files in /docker-entrypoint-init.d, wait for the image's health check instead: Wait.forHealthCheck().
const READY = Wait.forHttp('/_malachite/ready', 8080).forStatusCode(200)

export async function startMalachite() {
    const container = await new GenericContainer('malachite:latest').withExposedPorts(8080).withWaitStrategy(READY).start()
    return { container, url: `http://${container.getHost()}:${container.getMappedPort(8080)}` }
}
