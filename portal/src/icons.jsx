// Drawn here, on a grid of 16, with the colour of the text around them.
const strokes = {
    add: 'M8 3v10M3 8h10',
    close: 'M3.500 3.500l9 9M12.500 3.500l-9 9',
    refresh: 'M13 8a5 5 0 1 1-1.500-3.600M12.200 1.800v3h-3',
    play: 'M5 3l7.500 5L5 13z',
    stop: 'M4 4h8v8H4z',
    restart: 'M3 8a5 5 0 1 0 1.500-3.600M3.800 1.800v3h3',
    key: 'M10.300 2.300a3.400 3.400 0 1 1-2.300 5.900L3.500 12.700V14H2v-2.500L6.800 6.700a3.400 3.400 0 0 1 3.500-4.400zM11 5h.1',
    sliders:
        'M2.500 4.500h6M12 4.500h1.500M2.500 11.500H4M7.500 11.500h6M8.500 4.500a1.750 1.750 0 1 0 3.500 0 1.750 1.750 0 1 0-3.500 0M4 11.500a1.750 1.750 0 1 0 3.500 0 1.750 1.750 0 1 0-3.500 0',
    globe: 'M8 14.300A6.300 6.300 0 1 1 8 1.700a6.300 6.300 0 0 1 0 12.600zM1.800 8h12.400M8 1.700c3.600 3.500 3.600 9.100 0 12.600M8 1.700c-3.600 3.500-3.600 9.100 0 12.600',
    code: 'M5.500 4.500L2 8l3.500 3.500M10.500 4.500L14 8l-3.500 3.500',
    chevron: 'M6 3.500L10.500 8 6 12.500',
    down: 'M3.500 6L8 10.500 12.500 6',
    check: 'M3 8.500l3.500 3.500L13 4.500',
    info: 'M8 7v4.500M8 4.500v.6M8 14.300A6.300 6.300 0 1 1 8 1.700a6.300 6.300 0 0 1 0 12.600z',
    warning: 'M8 6v4M8 11.700v.6M8 1.900l6.600 12.200H1.400z',
    error: 'M8 4.200v4.600M8 11v.6M8 14.300A6.300 6.300 0 1 1 8 1.700a6.300 6.300 0 0 1 0 12.600z',
    database: 'M3 4c0-3 10-3 10 0v8c0 3-10 3-10 0zM3 4c0 3 10 3 10 0M3 8c0 3 10 3 10 0',
    overview: 'M2.500 2.500h11v11h-11zM2.500 6.500h11M6.500 6.500v7',
    migration: 'M8 13V6m-3 2.600L8 5.600l3 3M4.600 11.500a3 3 0 0 1-.4-5.900 4 4 0 0 1 7.700.3 2.900 2.900 0 0 1-.4 5.600',
    plug: 'M6 2v3M10 2v3M4 5h8v2.500a4 4 0 0 1-8 0zM8 11.500V14',
    sun: 'M8 5.200a2.800 2.800 0 1 1 0 5.600 2.800 2.800 0 0 1 0-5.600zM8 1v1.800M8 13.200V15M1 8h1.800M13.200 8H15M3 3l1.300 1.300M11.700 11.700L13 13M13 3l-1.300 1.300M4.300 11.700L3 13',
    moon: 'M13.300 9.800A5.800 5.800 0 0 1 6.200 2.700a5.800 5.800 0 1 0 7.100 7.100z',
    list: 'M5.500 4h8M5.500 8h8M5.500 12h8M2.300 4h.5M2.300 8h.5M2.300 12h.5',
    search: 'M7 2.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9zM10.300 10.300L14 14',
    trash: 'M3 4.500h10M6 4.500V3h4v1.500M4.200 4.500l.6 9h6.400l.6-9M6.700 7v4.500M9.300 7v4.500',
    copy: 'M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3',
    feedback: 'M2.500 3h11v8H8.500L5.500 13.500V11h-3zM5.500 6h5M5.500 8.300h3',
    external: 'M9 3h4v4M13 3L7.500 8.500M11 9.500V13H3V5h3.500',
    flask: 'M6 2h4M6.800 2v4L3.200 12.500c-.5.9 0 1.500.9 1.500h7.800c.9 0 1.400-.6.9-1.500L9.200 6V2M5 10h6',
    clock: 'M8 4.500V8l2.500 1.500M8 14.300A6.300 6.300 0 1 1 8 1.700a6.300 6.300 0 0 1 0 12.600z',
    bell: 'M3 11.500h10c-1-1-1.500-2-1.500-4.500a3.500 3.500 0 0 0-7 0c0 2.500-.500 3.500-1.500 4.500zM6.500 13.700h3',
    person: 'M8 2.300a2.600 2.600 0 1 1 0 5.200 2.600 2.600 0 0 1 0-5.200zM3 14c0-6 10-6 10 0z',
}

export function Icon({ name, size = 16, class: more = '' }) {
    return (
        <svg class={`icon ${more}`} width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path
                d={strokes[name]}
                fill="none"
                stroke="currentColor"
                stroke-width="1.300"
                stroke-linecap="round"
                stroke-linejoin="round"
            />
        </svg>
    )
}

const STATES = {
    InProgress: [
        'progress',
        'M11.300 6.300A3.900 3.900 0 0 0 4.500 6M4.700 9.700a3.900 3.900 0 0 0 6.800.3M11.600 3.900v2.500H9.100M4.400 12.100V9.600h2.500',
    ],
    Succeeded: ['good', 'M4.500 8.300l2.400 2.400 4.700-5'],
    Failed: ['bad', 'M5.300 5.300l5.400 5.400M10.700 5.300l-5.400 5.400'],
    ValidationFailed: ['bad', 'M5.300 5.300l5.400 5.400M10.700 5.300l-5.400 5.400'],
    Canceled: ['neutral', 'M4.700 8h6.600'],
    WaitingForUserAction: [
        'waiting',
        'M5.300 10.700c.3-3 2.400-5.600 5.600-6.200-.4 3.300-2.700 5.400-5.600 6.200zM5 8.300l-1.200.7M7.700 11l-.7 1.200M4.300 11.700l1.200-1.200',
    ],
    Warning: ['warn', 'M8 4.500v4M8 10.800v.6'],
}
const ALIASES = {
    Canceling: 'InProgress',
    WaitingForCutoverTrigger: 'WaitingForUserAction',
    CleaningUp: 'InProgress',
    Loading: 'InProgress',
    Completed: 'Succeeded',
    Errored: 'Failed',
    Ready: 'Succeeded',
    Registered: 'Succeeded',
}

/** The filled circle before a state's word. The word itself stands beside it. */
export function StateIcon({ state }) {
    const [tone, path] = STATES[state] ?? STATES[ALIASES[state]] ?? STATES.Canceled
    return (
        <svg class={`state-icon tone-${tone}`} width="18" height="18" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <circle cx="8" cy="8" r="7.500" />
            <path d={path} fill="none" stroke="#fff" stroke-width="1.500" stroke-linecap="round" stroke-linejoin="round" />
        </svg>
    )
}

export const State = ({ state }) => (
    <span class="state">
        <StateIcon state={state} />
        {state}
    </span>
)
