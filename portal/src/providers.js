// The subscription's resource providers.
import { api, ids, VERSIONS } from './api.js'
import { subscriptionId } from './servers.js'

export const providersPath = () => `${ids.subscription(subscriptionId())}/providers`

export const register = (namespace, verb = 'register') =>
  api.post(`${providersPath()}/${encodeURIComponent(namespace)}/${verb}`, VERSIONS.resources)
