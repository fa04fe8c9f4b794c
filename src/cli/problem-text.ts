import type { VerifyProblem } from '../index.js'

/** What is wrong with what is stored, and where: `collection "words", entity "climate": ...`. */
export function placeText({ collection, entity, what }: VerifyProblem): string {
  const places = [collection === undefined ? [] : `collection "${collection}"`, entity === undefined ? [] : `entity "${entity}"`].flat()
  return places.length === 0 ? what : `${places.join(', ')}: ${what}`
}
