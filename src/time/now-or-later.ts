/** An answer that is there now, or a promise of it. */
export type NowOrLater<T> = T | Promise<T>

/**
 * Passes an answer on: now, if it is there. Most hosts know the user and the mark without waiting, and a
 * promise costs a guarded request more than they do.
 */
export function andThen<T, U> (
  answer: NowOrLater<T>, next: (answer: T) => NowOrLater<U>
): NowOrLater<U> {
  return answer instanceof Promise ? answer.then(next) : next(answer)
}

/** True for a promise, of whatever library. */
export function isPromiseLike<T> (answer: T | PromiseLike<T>): answer is PromiseLike<T> {
  const mayBe = (typeof answer === 'object' && answer !== null) || typeof answer === 'function'
  return mayBe && 'then' in answer && typeof answer.then === 'function'
}
