import { useState } from 'preact/hooks'

import { Copy, TextField } from '../ui.jsx'

const encode = encodeURIComponent
// A value of libpq's keywords: quoted whenever that could matter.
const quoted = (text) => (/^[\w.:-]+$/.test(text) ? text : `'${text.replace(/[\\']/g, '\\$&')}'`)
const shell = (text) => `"${text.replace(/[\\"$`]/g, '\\$&')}"`

const stringsOf = ({ host, port, login, database }) => [
    ['psql', 'the psql command', `psql ${shell(`host=${host} port=${port} user=${quoted(login)} dbname=${quoted(database)}`)}`],
    ['JDBC', 'the JDBC address', `jdbc:postgresql://${host}:${port}/${encode(database)}?user=${encode(login)}`],
    ['URI', 'the URI', `postgresql://${encode(login)}@${host}:${port}/${encode(database)}`],
    [
        'ADO.NET',
        'the ADO.NET string',
        `Server=${host};Port=${port};Database=${database};User Id=${login};Password={your_password};`,
    ],
    [
        'Python (psycopg)',
        'the Python call',
        `psycopg.connect(host=${JSON.stringify(host)}, port=${port}, user=${JSON.stringify(login)}, dbname=${JSON.stringify(database)}, password="{your_password}")`,
    ],
    [
        'Node.js (pg)',
        'the Node.js call',
        `new pg.Client({ host: ${JSON.stringify(host)}, port: ${port}, user: ${JSON.stringify(login)}, database: ${JSON.stringify(database)}, password: '{your_password}' })`,
    ],
    [
        'Environment',
        'the environment',
        [`PGHOST=${host}`, `PGPORT=${port}`, `PGUSER=${shell(login)}`, `PGDATABASE=${shell(database)}`]
            .map((line) => `export ${line}`)
            .join('\n'),
    ],
]

export function Connect({ server, at }) {
    const [database, setDatabase] = useState('postgres')
    const { fullyQualifiedDomainName: host, port = 5432, administratorLogin: login } = server.properties
    if (!host) return <p>The server has no address yet.</p>
    return (
        <>
            <p>
                Connect to this server like to any other PostgreSQL.
                {at.kind === 'flexible' && (
                    <>
                        {' '}
                        After a migration, applications sign in as <code>{login}</code> and no longer as <code>user@server</code>.
                    </>
                )}
            </p>
            <TextField label="Database" name="database" value={database} onInput={setDatabase} />
            {stringsOf({ host, port, login, database: database || 'postgres' }).map(([title, what, text]) => (
                <section key={title}>
                    <h2>{title}</h2>
                    <Copy what={what} text={text} />
                </section>
            ))}
        </>
    )
}
