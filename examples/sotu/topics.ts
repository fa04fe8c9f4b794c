/**
 * The words whose way through time is followed, by topic.
 *
 * Chosen by hand among those that the addresses use often: the choice knows all years, the vectors do not (vectors.ts).
 */
export const TOPICS: Readonly<Record<string, readonly string[]>> = {
  environment: split(`
    air carbon clean climate coal conservation drought earth energy environment environmental flood floods forest forests fuels gas
    irrigation land lands mines natural nature oil parks planet pollution reclamation resources river rivers soil solar timber warming waste
    water waters waterways`),
  money: split(`
    appropriation appropriations bank bankers banking banks bonds budget budgets capital circulation coin coinage cost costs credit currency
    debt debts deficit deficits deposits dollar dollars expenditure expenditures finance financial fiscal gold inflation interest investment
    investments loans monetary money notes payment pension pensions price prices receipts reserve reserves revenue revenues savings
    securities silver spending surplus tariff tax taxation taxes taxpayers treasury value wealth`),
  trade: split(`
    agricultural agriculture business businesses canal commerce commercial companies company competition consumer consumers corporate
    corporation corporations cotton crop crops depression economic economy employees employer employers employment enterprise export exports
    factories farm farmer farmers farming farms freight goods growth highway highways housing imports income incomes industrial industries
    industry infrastructure job jobs labor machinery mail management manufacture manufacturers manufacturing market markets merchant mining
    monopoly postal production products profit prosperity railroad railroads railway railways recession roads shipping ships strike strikes
    trade transportation trusts unemployed unemployment wage wages worker workers`),
  war: split(`
    aggression alliance allies arbitration armament armaments armed arms army atomic attack attacks battle bomb combat conflict defense
    defenses deterrent disarmament enemies enemy fight fighting fleet forces homeland insurrection intelligence invasion marine military
    militia missile missiles mobilization naval navy nuclear officers peace sea security soldier soldiers strategic submarines terror
    terrorism terrorist terrorists threat threats treaties treaty troops veterans victory war warfare wars weapons`),
  world: split(`
    afghan afghanistan africa alaska aliens america american americans asia atlantic austria berlin border borders britain british
    california canada caribbean chile china chinese colombia continent countries cuba cuban england europe european foreign france germany
    global gulf hawaii hemisphere immigrant immigrants immigration india indian indians international iran iraq island islands israel
    isthmus italy japan japanese korea latin mexican mexico nations nato neighbor neighbors nicaragua overseas pacific pakistan panama
    philippine philippines poland porto refugees rico russia russian soviet soviets spain spanish syria texas turkey ukraine venezuela
    vietnam west western world`),
  people: split(`
    cancer child childhood children cities citizen citizens city college colleges communities community crime crimes criminal criminals
    disabled discrimination disease doctors drug drugs education educational elderly equality families family gun guns health home homes
    hospitals hunger insurance kids marriage medicaid medical medicare men mother mothers parents patients people poor poverty race racial
    religion religious retirement rights rural school schools seniors slavery slaves social student students teacher teachers tuition urban
    violence vote voting welfare woman women young youth`),
  government: split(`
    amendment authority bureau bureaucracy civil commission congress constitution constitutional corruption court courts democracy democrats
    election elections enforcement federal government governments governor governors house judges judicial jurisdiction justice law laws
    legislation legislature liberty parties party police policy political politics president prison public reform reforms regulation
    republic republican republicans senate service services state states statute supreme union veto`),
  ideas: split(`
    ambition century challenge challenges change character civilization communism communist communists compassion conscience courage crisis
    danger death destiny dignity dream dreams duty evil faith fear free freedom friends friendship future generation generations god
    happiness hate heart heroes history honesty honor hope human humanity ideals independence innovation internet knowledge leadership life
    love mankind moral morality opportunities opportunity power powers pride progress research responsibility revolution sacrifice science
    scientific space spirit technologies technology tolerance tomorrow tradition truth tyranny unity values virtue vision wisdom`),
}

/** @returns the topic of a followed word. */
export const TOPIC_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(TOPICS).flatMap(([topic, words]) => words.map((word) => [word, topic] as const)),
)

function split(words: string): string[] {
  return words.trim().split(/\s+/)
}
