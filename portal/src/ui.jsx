// The parts that pages are made of.
export * from './ui/basics.jsx'
export * from './ui/dialogs.jsx'
export * from './ui/forms.jsx'
