// What prettier does not decide about the JavaScript of the portal, of the tests, and of the helpers for testers.
import js from '@eslint/js'
import globals from 'globals'

export default [
  { ignores: ['**/node_modules/', 'build/'] },
  js.configs.recommended,
  {
    files: ['**/*.{js,jsx,mjs}'],
    languageOptions: { ecmaVersion: 2023, sourceType: 'module', parserOptions: { ecmaFeatures: { jsx: true } } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      complexity: ['error', 22],
      eqeqeq: 'error',
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 135, skipBlankLines: true }],
      'no-control-regex': 'off',
      'no-shadow': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['portal/src/**'], languageOptions: { globals: globals.browser } },
  {
    files: ['portal/build.mjs', 'testing/**', 'tests/**'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
]
