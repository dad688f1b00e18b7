/** The languages that a person can choose, with their own names and the script they are written in. */
export interface Language {
  tag: string;
  name: string;
  native: string;
  script: RegExp;
  scriptName: string;
}

function language(
  tag: string,
  name: string,
  native: string,
  script: RegExp,
  scriptName: string,
): Language {
  return { tag, name, native, script, scriptName };
}

const LATIN = /\p{Script=Latin}/u;
const DEVANAGARI = /\p{Script=Devanagari}/u;
const ARABIC = /\p{Script=Arabic}/u;
const CYRILLIC = /\p{Script=Cyrillic}/u;

export const LANGUAGES: Language[] = [
  language('en', 'English', 'English', LATIN, 'Latin'),
  language('hi', 'Hindi', 'हिन्दी', DEVANAGARI, 'Devanagari'),
  language('ml', 'Malayalam', 'മലയാളം', /\p{Script=Malayalam}/u, 'Malayalam'),
  language('ar', 'Arabic', 'العربية', ARABIC, 'Arabic'),
  language('zh', 'Chinese', '中文', /\p{Script=Han}/u, 'Han'),
  language('bn', 'Bengali', 'বাংলা', /\p{Script=Bengali}/u, 'Bengali'),
  language('gu', 'Gujarati', 'ગુજરાતી', /\p{Script=Gujarati}/u, 'Gujarati'),
  language('kn', 'Kannada', 'ಕನ್ನಡ', /\p{Script=Kannada}/u, 'Kannada'),
  language('mr', 'Marathi', 'मराठी', DEVANAGARI, 'Devanagari'),
  language('pa', 'Punjabi', 'ਪੰਜਾਬੀ', /\p{Script=Gurmukhi}/u, 'Gurmukhi'),
  language('ta', 'Tamil', 'தமிழ்', /\p{Script=Tamil}/u, 'Tamil'),
  language('te', 'Telugu', 'తెలుగు', /\p{Script=Telugu}/u, 'Telugu'),
  language('ur', 'Urdu', 'اردو', ARABIC, 'Arabic'),
  language('de', 'German', 'Deutsch', LATIN, 'Latin'),
  language('es', 'Spanish', 'español', LATIN, 'Latin'),
  language('fr', 'French', 'français', LATIN, 'Latin'),
  language('it', 'Italian', 'italiano', LATIN, 'Latin'),
  language('pt', 'Portuguese', 'português', LATIN, 'Latin'),
  language('ru', 'Russian', 'русский', CYRILLIC, 'Cyrillic'),
  language('uk', 'Ukrainian', 'українська', CYRILLIC, 'Cyrillic'),
  language('so', 'Somali', 'Soomaali', LATIN, 'Latin'),
  language('tl', 'Tagalog', 'Tagalog', LATIN, 'Latin'),
  language('tr', 'Turkish', 'Türkçe', LATIN, 'Latin'),
  language('vi', 'Vietnamese', 'Tiếng Việt', LATIN, 'Latin'),
  language(
    'ja',
    'Japanese',
    '日本語',
    /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
    'Japanese',
  ),
  language('ko', 'Korean', '한국어', /\p{Script=Hangul}/u, 'Hangul'),
];

const BY_TAG = new Map(LANGUAGES.map((each) => [each.tag, each]));

export function languageOf(tag: string): Language | undefined {
  return BY_TAG.get(tag) ?? BY_TAG.get(tag.split('-')[0] ?? '');
}

/** "മലയാളം (Malayalam)"; the tag itself for a language that the list does not have. */
export function languageName(tag: string): string {
  const known = languageOf(tag);
  if (!known) return tag;
  return known.native === known.name ? known.name : `${known.native} (${known.name})`;
}

/** Whether the text has no letter of its language's script at all: most likely the wrong row. */
export function wrongScript(tag: string, text: string): boolean {
  const known = languageOf(tag);
  return known !== undefined && /\p{L}/u.test(text) && !known.script.test(text);
}
