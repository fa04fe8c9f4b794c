/**
 * The text and the values of a tagged template: each value becomes a parameter, never a piece of the text.
 *
 * @example templateQuery`PREDICT vector AT ${date} FOR ENTITY ${id}` // 'PREDICT vector AT $1 FOR ENTITY $2'
 */
export function templateQuery(
  strings: TemplateStringsArray,
  values: readonly unknown[],
): { readonly text: string; readonly values: readonly unknown[] } {
  const text = strings.reduce((before, part, i) => `${before}$${i}${/^[\w$]/.test(part) ? ' ' : ''}${part}`)
  return { text, values }
}
