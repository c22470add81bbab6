// The time series that the server keeps, and the page's copy of it.

const ALL = '1970-01-01T00:00:00Z'

/** From when on the page needs points: the newest one that it has may have grown longer since. */
export const neededAfter = (points) => points[points.length - 2]?.until ?? ALL

/** {from, at: milliseconds, until: the text of at, bytes, rows, changes: per second, pending: bytes, lag: seconds} */
const readPoint = (point) => ({
  from: Date.parse(point.from),
  at: Date.parse(point.at),
  until: point.at,
  bytes: point.bytesPerSecond,
  rows: point.rowsPerSecond,
  changes: point.changesPerSecond,
  pending: point.pendingBytes,
  lag: point.lagSeconds,
})

/** The points so far with those of an answer, which replace the ones of the same time. */
export function withNewPoints(points, answer) {
  const news = (answer ?? []).map(readPoint)
  if (news.length === 0) return points
  return [...points.filter((point) => point.at <= news[0].from), ...news]
}

/** The mean of the last seconds, by the length of the intervals; 0 without any. */
export function recentSpeed(points, field, seconds = 5) {
  const end = points[points.length - 1]?.at ?? 0
  const recent = points.filter((point) => point.at > end - seconds * 1000)
  const length = recent.reduce((sum, point) => sum + point.at - point.from, 0)
  return length > 0 ? recent.reduce((sum, point) => sum + point[field] * (point.at - point.from), 0) / length : 0
}
