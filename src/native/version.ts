/** The version of package.json, which a bundle does not have at hand; a test compares the two. */
export const VERSION = '0.1.0'
