import { unknown } from '../format.js'
import { addressOf, groupOf, loginOf, subscriptionName } from '../servers.js'
import { Link, paths } from '../router.jsx'
import { Box, ErrorBox } from '../ui.jsx'
import { ViewAs } from '../view-as/view-as.jsx'
import { createCall, needsSubnet } from './model.js'

export const List = ({ title, items }) => (
    <section>
        <h2>{title}</h2>
        <dl class="summary">
            {items.map(([name, value]) => (
                <div key={name}>
                    <dt>{name}</dt>
                    <dd class="wrap">{value || unknown}</dd>
                </div>
            ))}
        </dl>
    </section>
)

export function sourceItems({ values, source, sourceCheck, sourceKey }) {
    const tested = sourceCheck.for === sourceKey ? sourceCheck.version : undefined
    return source
        ? [
              ['Subscription', subscriptionName()],
              ['Resource group', values.sourceGroup],
              ['Server name', `${source.name} (${addressOf(source)})`],
              ['Location', source.location],
              ['PostgreSQL version', source.properties.version ?? tested],
              ['Server admin login name', loginOf(source)],
          ]
        : [
              ['Server name', values.host && `${values.host}:${values.port}`],
              ['PostgreSQL version', tested],
              ['Server admin login name', values.login],
          ]
}

export const targetItems = ({ values, target }) => [
    ['Subscription', subscriptionName()],
    ['Resource group', groupOf(target)],
    ['Server name', `${target.name} (${addressOf(target)})`],
    ['Location', target.location],
    ['PostgreSQL version', target.properties.version],
    ['Server admin login name', target.properties.administratorLogin],
    ['Authorize DB overwrite', values.overwrite],
]

/** What is missing, and what the service refused. */
export const Problems = ({ incomplete, error }) => (
    <>
        {incomplete.length > 0 && (
            <Box tone="error" title="Validation failed" live>
                Required information is missing or not valid on these tabs: {incomplete.join(', ')}.
            </Box>
        )}
        <ErrorBox error={error} title="Cannot create the migration" />
        {error?.code === 'MissingSubscriptionRegistration' && (
            <p>
                Register <strong>Microsoft.DataMigration</strong> on the Setup tab, or under{' '}
                <Link href={paths.providers()}>Resource providers</Link>, and click Create again.
            </p>
        )}
    </>
)

export function ReviewTab({ facts, incomplete, error }) {
    const { values, source, target, network } = facts
    return (
        <>
            <Problems incomplete={incomplete} error={error} />
            <List
                title="Setup"
                items={[
                    ['Migration name', values.name],
                    ['Migration Resource Group', values.migrationGroup],
                    ['Azure Active Directory app name', values.app?.name],
                    ['Azure Active Directory client id', values.app?.clientId],
                    ['Azure Active Directory tenant id', values.app?.tenantId],
                ]}
            />
            <List
                title="Source"
                items={[
                    ...sourceItems(facts),
                    ['Selected databases to migrate', values.databases.join(', ')],
                    ['Migration mode', values.mode],
                ]}
            />
            <List title="Target" items={targetItems(facts)} />
            {needsSubnet(source, target) && (
                <List
                    title="Networking"
                    items={[
                        ['Resource group', network.group],
                        ['Virtual network', network.network],
                        ['Subnet', network.subnet],
                    ]}
                />
            )}
            {values.app && <ViewAs call={createCall(facts)} what="the migration" />}
        </>
    )
}
