import type { Opened } from './row.js'

/** Where a row works, and of which nothing is to be left. */
export interface Place {
  close (): Promise<unknown>
}

/** Opens a row in a place that is closed with it, and at once where opening fails. */
export async function openIn<Where extends Place> (
  place: Where, open: (place: Where) => Promise<Omit<Opened, 'close'>>
): Promise<Opened> {
  try {
    const opened = await open(place)
    return { ...opened, close: async () => await place.close() }
  } catch (error) {
    await place.close()
    throw error
  }
}
