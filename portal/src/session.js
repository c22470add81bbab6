// The signed-in application. The token lives as long as the tab; the secret is never stored.
const KEY = 'malachite.token'
const listeners = new Set()

export const session = {
  token: sessionStorage.getItem(KEY),
  application: null, // what /_malachite/health says of signing in
  subscription: null, // the one that exists
  expired: false,

  get needsSignIn() {
    return this.application !== null && this.application.auth !== 'none' && !this.token
  },
  onChange(listener) {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  keep(token) {
    this.token = token
    this.expired = false
    if (token) sessionStorage.setItem(KEY, token)
    else sessionStorage.removeItem(KEY)
    for (const listener of listeners) listener()
  },
  expire() {
    if (!this.token) return
    this.keep(null)
    this.expired = true
  },
}

/** Asks Malachite's own login for a token, as every client with a client secret does. */
export async function signIn(clientId, clientSecret) {
  const answer = await fetch(`/${encodeURIComponent(session.application.tenantId)}/oauth2/v2.0/token`, {
    method: 'POST',
    credentials: 'omit',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: 'https://management.azure.com/.default',
    }),
  })
  const body = await answer.json()
  if (!answer.ok) throw new Error(body.error_description ?? 'Sign-in failed.')
  session.keep(body.access_token)
}
