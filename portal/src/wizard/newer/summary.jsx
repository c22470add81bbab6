import { ViewAs } from '../../view-as/view-as.jsx'
import { createCall } from '../model.js'
import { List, Problems, sourceItems, targetItems } from '../review.jsx'
import { OPTIONS, SOURCE_TYPES, sourceTypeOf, wordOf } from './words.js'

export function Summary({ facts, incomplete, error }) {
    const { values } = facts
    const other = values.sourceKind === 'other'
    return (
        <>
            <Problems incomplete={incomplete} error={error} />
            <List
                title="Setup"
                items={[
                    ['Migration name', values.name],
                    ['Source server type', wordOf(SOURCE_TYPES, sourceTypeOf(values))],
                    ['Migration option', wordOf(OPTIONS, values.option)],
                    ['Migration mode', values.mode],
                ]}
            />
            <List
                title="Runtime server"
                items={[
                    ['Use runtime server', values.useRuntime],
                    ...(values.useRuntime === 'Yes' ? [['Server', values.runtimeId.split('/').pop()]] : []),
                ]}
            />
            <List title="Source" items={[...sourceItems(facts), ...(other ? [['SSL mode', values.sslMode]] : [])]} />
            <List title="Target" items={targetItems(facts)} />
            <List title="Databases" items={[['Databases to validate or migrate', values.databases.join(', ')]]} />
            <ViewAs call={createCall(facts)} what="the migration" />
        </>
    )
}
