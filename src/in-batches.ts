/**
 * Does `work` for every item, `size` of them at once, and yields the answers in the order of the items. When
 * one fails, the answers before it are still yielded, and no work is under way any more. When `items` itself
 * throws, work for the last incomplete batch was never begun.
 */
export async function * inBatches<Item, Answer> (
  size: number, items: Iterable<Item> | AsyncIterable<Item>, work: (item: Item) => Promise<Answer>
): AsyncGenerator<Answer, void, undefined> {
  let batch: Item[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield * runBatch(batch, work)
    batch = []
  }
  yield * runBatch(batch, work)
}

async function * runBatch<Item, Answer> (
  items: readonly Item[], work: (item: Item) => Promise<Answer>
): AsyncGenerator<Answer, void, undefined> {
  for (const outcome of await Promise.allSettled(items.map(work))) {
    if (outcome.status === 'rejected') throw outcome.reason
    yield outcome.value
  }
}
