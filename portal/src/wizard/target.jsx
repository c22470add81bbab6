import { unknown } from '../format.js'
import { addressOf, groupOf, subscriptionId, subscriptionName } from '../servers.js'
import { Box, FixedField, SelectField } from '../ui.jsx'
import { PasswordField } from './password.jsx'

const fixed = (label, value, text = value) => (
    <SelectField
        label={label}
        name={`target-${label}`}
        value={value}
        onChange={() => {}}
        disabled
        required
        options={[[value, text]]}
        hint="The flexible server that is the target of this migration."
    />
)

export function TargetTab({ values, set, problem, target, targetCheck, targetKey, onTest }) {
    return (
        <>
            <h2>Target Database server details</h2>
            {fixed('Subscription', subscriptionId(), subscriptionName())}
            {fixed('Resource group', groupOf(target))}
            {fixed('Server name', target.name, `${target.name} (${addressOf(target)})`)}
            <FixedField label="Location" hint="The location of the flexible server.">
                {target.location}
            </FixedField>
            <FixedField label="PostgreSQL version" hint="The version of the flexible server.">
                {target.properties.version ?? unknown}
            </FixedField>
            <FixedField label="Server admin login name" hint="The login that the server was created with.">
                {target.properties.administratorLogin}
            </FixedField>
            <PasswordField side="target" {...{ values, set, problem, onTest }} check={targetCheck} checkKey={targetKey} />
            <SelectField
                label="Authorize DB overwrite"
                name="overwrite"
                value={values.overwrite}
                onChange={(overwrite) => set({ overwrite })}
                options={[
                    ['Yes', 'Yes'],
                    ['No', 'No'],
                ]}
                hint="If you choose No and the target has a database with the same name, the migration waits for your confirmation."
                after={
                    values.overwrite === 'Yes' && (
                        <Box tone="warning" live>
                            If DBs chosen to migrate are already created in the target DB server, the migration process will
                            overwrite data in these DBs.
                        </Box>
                    )
                }
            />
        </>
    )
}
