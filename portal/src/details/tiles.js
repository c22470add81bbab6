// Squarified tiles, as Bruls, Huizing and van Wijk describe them.

/** The worst ratio of the sides of tiles in a row with this length. */
function worst(areas, length) {
  const sum = areas.reduce((a, b) => a + b, 0)
  const square = (length / sum) ** 2
  return Math.max(...areas.map((area) => Math.max(square * area, 1 / (square * area))))
}

/** Squarified: items {size} in descending order become {..., x, y, width, height} that fill the rectangle. */
export function tilesOf(items, width, height) {
  const sum = items.reduce((total, item) => total + item.size, 0)
  const scale = sum > 0 ? (width * height) / sum : 0
  const tiles = []
  let left = { x: 0, y: 0, width, height }
  let row = []
  const place = () => {
    const area = row.reduce((total, item) => total + item.size * scale, 0)
    const upright = left.width >= left.height
    const thickness = area / (upright ? left.height : left.width)
    let along = upright ? left.y : left.x
    for (const item of row) {
      const length = (item.size * scale) / thickness
      tiles.push(
        upright
          ? { ...item, x: left.x, y: along, width: thickness, height: length }
          : { ...item, x: along, y: left.y, width: length, height: thickness },
      )
      along += length
    }
    left = upright
      ? { ...left, x: left.x + thickness, width: left.width - thickness }
      : { ...left, y: left.y + thickness, height: left.height - thickness }
    row = []
  }
  for (const item of items) {
    const areas = row.map((one) => one.size * scale)
    const length = Math.min(left.width, left.height)
    if (row.length > 0 && worst([...areas, item.size * scale], length) > worst(areas, length)) place()
    row.push(item)
  }
  if (row.length > 0) place()
  return tiles
}
