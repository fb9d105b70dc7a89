/** Shadows a property of the prototype. Stores don't see it, because it isn't enumerable. */
export function shadow (object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: false, configurable: true, writable: true })
}
