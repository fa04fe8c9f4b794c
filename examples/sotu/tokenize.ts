/** Words that hold a sentence together and say nothing of its subject. They are dropped before anything is counted. */
const STOP_WORDS = new Set(
  `a able about above according accordingly across after afterward again against ago ah all almost alone along already also although always am amid among
  amongst an and another any anybody anyone anything anywhere are around as aside ask at away back be became because become becomes been before behind being
  below beside besides between beyond both but by came can cannot certain certainly come comes could did do does doing done don't down during each
  either else enough entirely especially etc even ever every everybody everyone everything everywhere few first five for former formerly forth four from
  fully further furthermore gave get gets getting give given gives go goes going gone got had hardly has have having he hence her here hereafter herein
  hereby heretofore hers herself him himself his how however i if in indeed instead into is it its itself just keep kept knew know known last lately later latter
  least less lest let like likewise made make makes making many may me mean means merely might mine more moreover most mostly much must my myself namely near nearly
  neither never nevertheless next no nobody none nor not nothing notwithstanding now nowhere of off often oh on once one only onto or other others otherwise ought our ours
  ourselves out over own per perhaps put puts quite rather really said same saw say saying says second see seem seemed seems seen several shall she should
  since six so some somebody someone something sometimes somewhere soon still such take taken takes taking tell ten than that the their theirs them
  themselves then thence there thereby therefor therefore therein thereof thereon thereto these they thing things think third this those though three through
  throughout thus till to together too took toward towards two under until unto up upon us use used using usually various very via was way we well went were what
  whatever when whence whenever where whereas whereby wherein wherever whether which while whilst who whoever whole whom whose why will with within without
  would yes yet you your yours yourself yourselves`.split(/\s+/),
)

/** @returns the words of a text in lower case, without possessives, notes such as [Applause], numbers and stop words. */
export function tokenize(text: string): string[] {
  const words = text
    .toLowerCase()
    .replace(/\[[^\]]*\]/g, ' ')
    .replaceAll('’', "'")
    .match(/[a-z]+(?:'[a-z]+)?/g)
  return (words ?? []).map((word) => word.replace(/'s$/, '')).filter((word) => word.length > 1 && !word.includes("'") && !STOP_WORDS.has(word))
}
