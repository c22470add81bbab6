// "View as" of a migration: the resource, and the call that shows it.
import { VERSIONS } from '../api.js'
import { migrationPath } from '../migrations.js'
import { ViewAs } from './view-as.jsx'

/** Folded below everything else on the page of a migration. */
export function ViewMigrationAs({ migration, group, server }) {
    const call = {
        method: 'GET',
        path: migrationPath(group, server, migration.name),
        version: VERSIONS.migration,
        az: [
            ...['postgres', 'flexible-server', 'migration', 'show'],
            ...['--resource-group', group, '--name', server, '--migration-name', migration.name],
        ],
    }
    return <ViewAs call={call} json={migration} what="the migration" />
}
