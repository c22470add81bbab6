import { render } from 'preact'

import { App } from './app.jsx'
import { applyTheme } from './theme.js'

applyTheme()
const root = document.getElementById('app')
root.textContent = ''
render(<App />, root)
