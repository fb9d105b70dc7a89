/** An answer that is there at once, or that has to be waited for. */
export type AtOnceOrLater<T> = T | Promise<T>

/**
 * Goes on with an answer: now, where it is there at once, because to wait costs a guarded request more than
 * most hosts take to answer.
 */
export function andThen<T, U> (
  answer: AtOnceOrLater<T>, next: (answer: T) => AtOnceOrLater<U>
): AtOnceOrLater<U> {
  return answer instanceof Promise ? answer.then(next) : next(answer)
}

/** True for an answer that has to be waited for, whoever made the promise. */
export function isPromiseLike<T> (answer: T | PromiseLike<T>): answer is PromiseLike<T> {
  const mayBe = (typeof answer === 'object' && answer !== null) || typeof answer === 'function'
  return mayBe && 'then' in answer && typeof answer.then === 'function'
}
