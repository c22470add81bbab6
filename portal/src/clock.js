// The time of Malachite's machine: the browser's clock may be wrong by an hour.
const PRECISION_MS = 1500

let ahead = 0

/** From the header Date of an answer, which is in whole seconds. */
export function learnTime(date) {
  const server = Date.parse(date ?? NaN) + 500
  if (Math.abs(server - Date.now() - ahead) > PRECISION_MS) ahead = server - Date.now()
}

export const now = () => Date.now() + ahead
