/**
 * Does `work` for every item, a number of them at once; the answers come in the order of the items. When one
 * fails, those before it are still given, and nothing is under way any more. When the items themselves end
 * with an error, nothing was begun for the last few.
 */
export async function * atOnce<Item, Answer> (
  count: number, items: Iterable<Item> | AsyncIterable<Item>, work: (item: Item) => Promise<Answer>
): AsyncGenerator<Answer, void, undefined> {
  let some: Item[] = []
  for await (const item of items) {
    some.push(item)
    if (some.length < count) continue
    yield * done(some, work)
    some = []
  }
  yield * done(some, work)
}

async function * done<Item, Answer> (
  items: readonly Item[], work: (item: Item) => Promise<Answer>
): AsyncGenerator<Answer, void, undefined> {
  for (const outcome of await Promise.allSettled(items.map(work))) {
    if (outcome.status === 'rejected') throw outcome.reason
    yield outcome.value
  }
}
