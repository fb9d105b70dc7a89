/*
 * Once an attacker can write to `Object.prototype` anywhere in the host, every object inherits the attacker's
 * properties. These functions see only the properties that an object has itself.
 */

/** True for an object that has this property itself: tells the members of a union apart. */
export function hasOwn<T extends object, Name extends PropertyKey> (
  object: T, name: Name
): object is Extract<T, Readonly<Record<Name, unknown>>> {
  return Object.hasOwn(object, name)
}

/** The value of a property that the object has itself; undefined when it has none. */
export function ownValue (object: object, name: PropertyKey): unknown {
  return Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined
}

/** The same, with its type. Unlike `ownOnly` it copies nothing, so use it where every request passes. */
export function getOwn<T extends object, Name extends keyof T> (object: T, name: Name): T[Name] | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** Copies the object's own properties. The copy inherits nothing: a property that it lacks is undefined. */
export function ownOnly<T extends object> (object: T): T {
  return { __proto__: null, ...object }
}
