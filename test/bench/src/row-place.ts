import type { OpenRow } from './row.js'

/** Where a row keeps its documents; closing it leaves nothing of them. */
export interface RowPlace {
  close (): Promise<unknown>
}

/** Opens a row in a place that is closed together with the row, or at once if opening fails. */
export async function openIn<Place extends RowPlace> (
  place: Place, open: (place: Place) => Promise<Omit<OpenRow, 'close'>>
): Promise<OpenRow> {
  try {
    const opened = await open(place)
    return { ...opened, close: async () => await place.close() }
  } catch (error) {
    await place.close()
    throw error
  }
}
