// Light or dark: as the system says, until somebody uses the switch.
const KEY = 'malachite.theme'
const system = matchMedia('(prefers-color-scheme: dark)')

export const isDark = () => (localStorage.getItem(KEY) ?? (system.matches ? 'dark' : 'light')) === 'dark'

const listeners = new Set()
export const theme = {
  onChange(listener) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}

export function applyTheme() {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light'
  for (const listener of listeners) listener()
}

export function toggleTheme() {
  const wanted = isDark() ? 'light' : 'dark'
  if ((wanted === 'dark') === system.matches) localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, wanted)
  applyTheme()
}

system.addEventListener('change', applyTheme)
