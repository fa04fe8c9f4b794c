/** Characters that take two columns of a terminal: East Asian wide ones and emoji. Those of no width are marks on the one before. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu
const MARK = /[\p{Mn}\p{Me}]/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of what needs no look
const PLAIN = /^[\u0000-\u007f]*$/

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  const characters = [...text.replace(MARK, '')]
  return characters.length + (text.match(WIDE)?.length ?? 0)
}

/** The text, with spaces behind it up to a width. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}
