// The frame of all pages of one server: title, menu at the left, the part that the path names.
import { api } from '../api.js'
import { usePoll, useTitle } from '../hooks.js'
import { paths } from '../router.jsx'
import { stateOf } from '../servers.js'
import { Crumbs, ErrorBox, Loading, Menu, PageTitle } from '../ui.jsx'
import { Forms } from '../view-as/view-as.jsx'
import { calls, serverRef } from './calls.js'
import { Connect } from './connect.jsx'
import { Databases } from './databases.jsx'
import { Networking } from './networking.jsx'
import { Parameters } from './parameters.jsx'

const PARTS = {
    databases: { icon: 'database', title: 'Databases', show: Databases },
    parameters: { icon: 'sliders', title: 'Server parameters', show: Parameters },
    networking: { icon: 'globe', title: 'Networking', show: Networking },
    connect: { icon: 'plug', title: 'Connection strings', show: Connect },
    json: {
        icon: 'code',
        title: 'JSON view',
        show: ({ server, at }) => <Forms call={calls.show(at)} json={server} what="the server" />,
    },
}
export const commonParts = Object.keys(PARTS)

const menuOf = ({ kind, group, name }, top, settings) => {
    const entries = (parts) =>
        Object.entries(parts).map(([part, { icon, title }]) => [
            icon,
            title,
            paths.server(kind, group, name, ...(part === 'overview' ? [] : [part])),
        ])
    return { top: entries(top), settings: entries(settings) }
}

/** top, settings: the parts that only this kind of server has, by the last part of their paths. */
export function ServerPage({ kind, group, name, part = 'overview', product, top, settings }) {
    const at = serverRef(kind, group, name)
    const all = { ...top, ...PARTS, ...settings }
    const { title, icon, show: Part } = all[part]
    const ownTitle = part === 'overview' ? undefined : title
    useTitle(ownTitle ? `${name} | ${ownTitle}` : name)
    const {
        data: server,
        error,
        loading,
        reload,
    } = usePoll(
        () => api.get(at.path, at.version),
        [kind, group, name],
        (data) => (['Ready', 'Stopped'].includes(stateOf(data)) ? 15_000 : 1500),
    )
    const crumbs = [['Home', paths.home()], ...(ownTitle ? [[name, paths.server(kind, group, name)]] : [])]
    return (
        <div class="page">
            <Crumbs items={crumbs} />
            <PageTitle
                icon={part === 'migrations' ? icon : 'database'}
                title={name}
                part={ownTitle}
                subtitle={product}
                close={paths.home()}
            />
            <div class="with-menu">
                <Menu label="Server" {...menuOf(at, top, { ...PARTS, ...settings })} />
                <div class="content">
                    {!server && <ErrorBox error={error} title="Cannot show the server" />}
                    {!server && !error && <Loading what="Loading the server" />}
                    {server && <Part key={part} group={group} server={server} at={at} reload={reload} loading={loading} />}
                </div>
            </div>
        </div>
    )
}
