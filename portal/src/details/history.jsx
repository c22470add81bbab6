import { useState } from 'preact/hooks'

import { between, duration, plural, time, unknown } from '../format.js'
import { StateIcon } from '../icons.jsx'
import { Marked, Scroll, Words } from '../ui.jsx'

const FEW = 2

/** The states, newest first, each with the notes made in it; the same text again is counted. */
function groupsOf(events) {
    const groups = []
    for (const event of events) {
        const group = groups[groups.length - 1]
        if (!group || group.state !== event.state || group.substate !== event.substate) {
            if (group) group.until = event.at
            groups.push({ ...event, notes: [] })
            continue
        }
        const same = group.notes.find((note) => note.text === event.text)
        if (same) Object.assign(same, { at: event.at, count: same.count + 1 })
        else group.notes.push({ ...event, count: 1 })
    }
    for (const group of groups) group.notes.reverse()
    return groups.reverse()
}

const Note = ({ note }) => (
    <p class="message note-line">
        <span class="quiet nowrap">{time(note.at)}</span> <Marked text={note.text} />
        {note.count > 1 && <span class="quiet"> ({plural(note.count, 'time')}, at last then)</span>}
    </p>
)

function Notes({ notes }) {
    const list = notes.map((note) => <Note key={note.text} note={note} />)
    if (notes.length <= FEW) return list
    return (
        <details>
            <summary>{plural(notes.length, 'note')}</summary>
            {list}
        </details>
    )
}

const SHOWN = [
    ['all', 'All'],
    ['states', 'States only'],
    ['notes', 'Notes only'],
]

function filtered(groups, shown, wanted) {
    const has = (text) => (text ?? '').toLowerCase().includes(wanted)
    return groups
        .map((group) => {
            const own = has(group.text) || has(group.substate) || has(group.state)
            const notes = shown === 'states' ? [] : group.notes.filter((note) => own || has(note.text))
            return { ...group, notes, own: shown === 'notes' ? false : own }
        })
        .filter((group) => group.own || group.notes.length > 0)
}

function Filters({ shown, setShown, wanted, setWanted }) {
    return (
        <div class="filters">
            <div class="toggles" role="group" aria-label="Entries shown">
                {SHOWN.map(([name, text]) => (
                    <button key={name} type="button" class="toggle" aria-pressed={shown === name} onClick={() => setShown(name)}>
                        {text}
                    </button>
                ))}
            </div>
            <label class="filter">
                <span class="hidden">Filter the history</span>
                <input
                    class="input"
                    type="search"
                    placeholder="Filter by text"
                    value={wanted}
                    onInput={(event) => setWanted(event.currentTarget.value)}
                />
            </label>
        </div>
    )
}

/** The states of the migration so far, the newest first, with what happened in each. */
export function History({ events, ended }) {
    const [shown, setShown] = useState('all')
    const [wanted, setWanted] = useState('')
    if (!events?.length) return null
    const groups = groupsOf(events)
    const found = filtered(groups, shown, wanted.toLowerCase())
    return (
        <section>
            <h2>History</h2>
            {events.length > groups.length && <Filters {...{ shown, setShown, wanted, setWanted }} />}
            <Scroll label="History">
                <table class="table compact history">
                    <thead>
                        <tr>
                            <th scope="col">Time</th>
                            <th scope="col">State</th>
                            <th scope="col">Substate</th>
                            <th scope="col" class="cell-number">
                                Duration
                            </th>
                            <th scope="col">What happened</th>
                        </tr>
                    </thead>
                    <tbody>
                        {found.map((group) => (
                            <tr key={group.at + group.substate}>
                                <td class="nowrap">{time(group.at)}</td>
                                <td class="nowrap">
                                    <StateIcon state={group.state} /> {group.state}
                                </td>
                                <td>
                                    <Words text={group.substate} />
                                </td>
                                <td class="cell-number nowrap">
                                    {group.until
                                        ? duration(Date.parse(group.until) - Date.parse(group.at))
                                        : ended
                                          ? unknown
                                          : between(group.at)}
                                </td>
                                <td class="wrap">
                                    {group.own && (
                                        <p class="message note-line">
                                            <Marked text={group.text} />
                                        </p>
                                    )}
                                    <Notes notes={group.notes} />
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </Scroll>
            {found.length === 0 && <p class="quiet">No entry of the history has this text.</p>}
        </section>
    )
}
