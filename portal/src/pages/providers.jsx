import { useState } from 'preact/hooks'

import { api, ids, VERSIONS } from '../api.js'
import { useBusy, usePoll, useTitle } from '../hooks.js'
import { Icon, State } from '../icons.jsx'
import { paths } from '../router.jsx'
import { subscriptionId, subscriptionName } from '../servers.js'
import { notify } from '../toasts.jsx'
import { Box, Command, Crumbs, ErrorBox, Loading, PageTitle, Scroll, Toolbar } from '../ui.jsx'

export const providersPath = () => `${ids.subscription(subscriptionId())}/providers`

export const register = (namespace, verb = 'register') =>
  api.post(`${providersPath()}/${encodeURIComponent(namespace)}/${verb}`, VERSIONS.resources)

/** The subscription's resource providers: what has to be registered before a migration. */
export function Providers() {
  useTitle('Resource providers')
  const { data, error, loading, reload } = usePoll(() => api.list(providersPath(), VERSIONS.resources), [], 5000)
  const [filter, setFilter] = useState('')
  const [selected, setSelected] = useState('')
  const [failure, setFailure] = useState(null)
  const [busy, run] = useBusy()
  const rows = (data ?? []).filter((row) => row.namespace.toLowerCase().includes(filter.trim().toLowerCase()))
  const row = rows.find(({ namespace }) => namespace === selected)
  const registered = row?.registrationState === 'Registered'
  const free = row?.registrationPolicy === 'RegistrationFree'
  const change = (verb, done) => run(async () => {
    setFailure(null)
    try {
      await register(row.namespace, verb)
      notify('good', done, row.namespace)
    } catch (caught) {
      setFailure(caught)
    }
    reload()
  })
  return (
    <div class="page">
      <Crumbs items={[['Home', paths.home()]]} />
      <PageTitle icon="list" title={subscriptionName()} part="Resource providers" subtitle="Subscription" close={paths.home()} />
      <Toolbar>
        <Command icon="check" disabled={!row || registered || busy} onClick={() => change('register', 'Resource provider registered')}>Register</Command>
        <Command icon="close" disabled={!row || !registered || free || busy} onClick={() => change('unregister', 'Resource provider unregistered')}>Unregister</Command>
        <Command icon="refresh" busy={loading && data !== undefined} onClick={reload}>Refresh</Command>
      </Toolbar>
      <Box><p>Migrations need <strong>Microsoft.DataMigration</strong> to be registered. Select it and click Register.</p></Box>
      <div class="filters">
        <label class="filter"><span class="hidden">Filter by name</span><Icon name="search" /><input class="input" type="search" placeholder="Filter by name..." value={filter} onInput={(event) => setFilter(event.currentTarget.value)} /></label>
      </div>
      <ErrorBox error={failure ?? error} />
      {!data && !error && <Loading what="Loading the resource providers" />}
      {data && (
        <Scroll label="Resource providers">
          <table class="table">
            <thead><tr><th scope="col" class="cell-check"><span class="hidden">Selected</span></th><th scope="col">Provider</th><th scope="col">Status</th></tr></thead>
            <tbody>
              {rows.map(({ namespace, registrationState }) => (
                <tr key={namespace} class={namespace === selected ? 'selected' : undefined}>
                  <td class="cell-check"><input type="radio" name="provider" aria-label={namespace} checked={namespace === selected} onChange={() => setSelected(namespace)} /></td>
                  <td onClick={() => setSelected(namespace)}>{namespace}</td>
                  <td><State state={registrationState} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {data && rows.length === 0 && <p class="quiet">No resource provider has this in its name.</p>}
    </div>
  )
}
