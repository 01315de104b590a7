/**
 * Words and turns of phrase that this project does not use in prose: pages, comments, messages and titles of tests, each
 * with the words to use instead. The list covers the phrases that readers stumble over most; following it does not make
 * a text good.
 */
export interface ProseRule {
  readonly pattern: RegExp;
  /** The words to write instead. */
  readonly instead: string;
}

/** A subject of the form "What a step gave …": a statement that begins with "What" and asks nothing. */
const whatClause =
  /(?<=^|[.:;!] +|\n\n)What (?!(?:is|are|does|do|did|can|to|if|about|else|happens)\b[^.\n]*\?)[a-z][^.?!]*[.!](?=\s|$)/g;

export const proseRules: ReadonlyArray<ProseRule> = [
  { pattern: /\bnobody\b/gi, instead: '"no one", or name who' },
  { pattern: /\bmend(?:s|ed|ing)?\b/gi, instead: '"fix"' },
  { pattern: /\b(?:some|any|every)body\b/gi, instead: '"someone", "anyone", "everyone", or name who' },
  { pattern: /\bin a circle\b|\bcircles?\b(?= of (?:steps|reads|inputs))/gi, instead: '"cycle"' },
  { pattern: /\b(?:go|goes|going|went|gone) on\b/gi, instead: '"continue" or "resume"' },
  { pattern: /\banew\b/gi, instead: '"again"' },
  { pattern: /\bgave\b(?! up\b)/gi, instead: '"returned" or "provided"' },
  {
    pattern:
      /\bst(?:ands?|ood|anding) (?:at|there|beside|within|as|behind|below|above|in|where|on|under|before|after)\b(?! (?:for|line)\b)/gi,
    instead: '"is", "is written", "appears"',
  },
  { pattern: /\b(?:at|in|of|by) whatever (?:way|moment|time|process)\b/gi, instead: '"any", "however"' },
  { pattern: /\bwhoever\b/gi, instead: 'name who: "the caller", "the user", "the reader"' },
  { pattern: /\b(?:is|are|was|were|be|been) told\b/gi, instead: '"is reported", "receives", "learns"' },
  {
    pattern:
      /(?<!\bthere )\b(?:is|are|was|were) no (?=[a-z]+(?:[ .,;:)]|$))(?!(?:one|longer|more|better|worse|less|such|way|need|reason|other|point|difference|matter|limit|room)\b)/gi,
    instead: '"is not a …"',
  },
  {
    pattern: /\bh(?:old|olds|eld|olding) (?:\S+ ){0,3}against\b/gi,
    instead: '"check against" or "compare with"',
  },
  { pattern: /\bfor ever\b/gi, instead: '"forever" or "indefinitely"' },
  { pattern: /\bin place of\b/gi, instead: '"instead of"' },
  { pattern: /\bmay not\b/gi, instead: '"must not" or "might not"' },
  { pattern: /\bas (?:one|it) would have it\b|\bas it were\b/gi, instead: "nothing: say it plainly" },
  { pattern: /\bone after the other\b/gi, instead: '"one at a time" or "in turn"' },
  {
    pattern: /\bbec(?:omes?|ame) of\b|\bbecome of\b/gi,
    instead: 'the thing itself: "the outcome of", "the state of"',
  },
  { pattern: /\blooks? (?:that|whether|if)\b/gi, instead: '"checks"' },
  { pattern: /\balso (?:where|if|when|inside|after|though)\b/gi, instead: '"even if", "including"' },
  { pattern: /\botherwise than\b/gi, instead: '"differently from"' },
  { pattern: /\bin its turn\b/gi, instead: '"as well"' },
  { pattern: /\bfrom the first on\b/gi, instead: '"from the first"' },
  {
    pattern: /\b(?:a|an|the|one|name|id|schema|option|step|date) that is none\b/gi,
    instead: '"an invalid …"',
  },
  { pattern: whatClause, instead: 'a noun as the subject: "A step\'s output …", not "What a step gave …"' },
];
