/** How a language writes comments, strings and keywords: just enough to colour a few lines of it. */
export interface Syntax {
  readonly lineComments: readonly string[];
  readonly blockComments: readonly (readonly [open: string, close: string])[];
  /** Delimiters, longest first; those of more than one character may span lines. */
  readonly strings: readonly string[];
  /** String delimiters of one character that may span lines. */
  readonly multiline: string;
  readonly keywords: ReadonlySet<string>;
  readonly caseless?: true;
}

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));

const slashes = { lineComments: ['//'], blockComments: [['/*', '*/']] as const };
const hashes = { lineComments: ['#'], blockComments: [] };
const quotes = { strings: ['"', "'"], multiline: '' };

const script =
  'abstract as async await break case catch class const constructor continue debugger declare default delete do else enum export extends false finally for from function get if implements import in infer instanceof interface is keyof let namespace never new null of override private protected public readonly return satisfies set static super switch this throw true try type typeof undefined unknown using var void while yield any boolean number string symbol object';
const c =
  'alignas auto bool break case catch char class const constexpr continue default delete do double else enum explicit extern false final float for friend goto if inline int long mutable namespace new noexcept nullptr operator override private protected public register return short signed sizeof static struct switch template this throw true try typedef typename union unsigned using virtual void volatile while NULL';
const java =
  'abstract assert boolean break byte case catch char class const continue default do double else enum extends final finally float for if implements import instanceof int interface long native new null package private protected public record return sealed short static super switch synchronized this throw throws transient true false try var void volatile while yield';

const syntaxes: readonly (readonly [languages: string, syntax: Syntax])[] = [
  [
    'typescript typescriptreact javascript javascriptreact vue svelte',
    { ...slashes, strings: ['"', "'", '`'], multiline: '`', keywords: words(script) },
  ],
  [
    'python',
    {
      ...hashes,
      strings: ['"""', "'''", '"', "'"],
      multiline: '',
      keywords: words(
        'and as assert async await break case class continue def del elif else except False finally for from global if import in is lambda match None nonlocal not or pass raise return self True try while with yield',
      ),
    },
  ],
  [
    'go',
    {
      ...slashes,
      strings: ['"', "'", '`'],
      multiline: '`',
      keywords: words(
        'any bool break byte case chan const continue default defer else error fallthrough false float64 for func go goto if import int int64 interface map nil package range return rune select string struct switch true type var',
      ),
    },
  ],
  [
    'rust',
    {
      ...slashes,
      // A single quote is as often a lifetime as a character.
      strings: ['"'],
      multiline: '"',
      keywords: words(
        'as async await bool break char const continue crate dyn else enum extern f32 f64 false fn for i32 i64 if impl in let loop match mod move mut pub ref return self Self static str struct super trait true type u8 u32 u64 unsafe use usize where while',
      ),
    },
  ],
  ['c cpp cuda-cpp objective-c objective-cpp glsl hlsl', { ...slashes, ...quotes, keywords: words(c) }],
  ['java groovy', { ...slashes, strings: ['"""', '"', "'"], multiline: '', keywords: words(java) }],
  [
    'csharp',
    {
      ...slashes,
      strings: ['"""', '"', "'"],
      multiline: '',
      keywords: words(
        `${java} as async await base bool decimal delegate event explicit foreach get in internal is lock namespace object operator out override params partial readonly ref sbyte set sizeof string struct typeof uint ulong unsafe ushort using virtual where`,
      ),
    },
  ],
  [
    'kotlin scala swift dart zig',
    {
      ...slashes,
      strings: ['"""', '"', "'"],
      multiline: '',
      keywords: words(
        `${java} actor as async await comptime companion data def defer do enum extension fn fun func guard implicit in init inline internal is lazy let match mixin mut nil object open operator out override protocol pub required self some struct suspend trait type typealias undefined val when where with`,
      ),
    },
  ],
  [
    'php',
    {
      lineComments: ['//', '#'],
      blockComments: [['/*', '*/']],
      ...quotes,
      keywords: words(
        `${java} array as bool callable clone declare echo elseif empty endforeach endif fn foreach function global include isset list match mixed namespace parent print readonly require self string trait unset use`,
      ),
    },
  ],
  [
    'ruby crystal',
    {
      ...hashes,
      ...quotes,
      keywords: words(
        'alias and begin break case class def defined? do else elsif end ensure false for if in include module next nil not or private protected public raise require rescue retry return self super then true undef unless until when while yield',
      ),
    },
  ],
  [
    'shellscript makefile dockerfile',
    {
      ...hashes,
      strings: ['"', "'"],
      multiline: '"\'',
      keywords: words(
        'break case continue do done elif else esac exit export fi for function if in local readonly return select set shift then trap unset until while FROM RUN COPY WORKDIR ENV CMD ENTRYPOINT ARG USER EXPOSE',
      ),
    },
  ],
  [
    'powershell',
    {
      lineComments: ['#'],
      blockComments: [['<#', '#>']],
      ...quotes,
      caseless: true,
      keywords: words(
        'begin break catch class continue do else elseif end exit finally for foreach function if in param process return switch throw trap try until while',
      ),
    },
  ],
  [
    'sql',
    {
      lineComments: ['--'],
      blockComments: [['/*', '*/']],
      strings: ["'"],
      multiline: "'",
      caseless: true,
      keywords: words(
        'add all alter and as asc between by cascade case check constraint create default delete desc distinct drop else end exists foreign from full group having if in index inner insert integer into is join key left like limit not null offset on or order outer primary references right select set table text then trigger union unique update values view when where with',
      ),
    },
  ],
  [
    'lua',
    {
      lineComments: ['--'],
      blockComments: [['--[[', ']]']],
      strings: ['[[', '"', "'"],
      multiline: '',
      keywords: words(
        'and break do else elseif end false for function goto if in local nil not or repeat return then true until while',
      ),
    },
  ],
  [
    'haskell elm purescript',
    {
      lineComments: ['--'],
      blockComments: [['{-', '-}']],
      strings: ['"'],
      multiline: '',
      keywords: words(
        'as case class data default deriving do else family forall foreign hiding if import in infix infixl infixr instance let module newtype of qualified then type where',
      ),
    },
  ],
  [
    'elixir',
    {
      ...hashes,
      strings: ['"""', '"', "'"],
      multiline: '',
      keywords: words(
        'after alias and case catch cond def defimpl defmacro defmodule defp defprotocol defstruct do else end false fn for if import in nil not or quote raise receive require rescue true try unless unquote use when with',
      ),
    },
  ],
  [
    'css scss less',
    { ...slashes, ...quotes, keywords: words('import media supports keyframes mixin include extend layer container') },
  ],
  [
    'yaml toml ini properties r julia perl nix',
    { ...hashes, ...quotes, keywords: words('true false null yes no on off function if else for while return let in') },
  ],
  ['json jsonc', { ...slashes, strings: ['"'], multiline: '', keywords: words('true false null') }],
  [
    'html xml handlebars',
    { lineComments: [], blockComments: [['<!--', '-->']], strings: ['"'], multiline: '', keywords: new Set() },
  ],
  [
    'clojure lisp scheme',
    {
      lineComments: [';'],
      blockComments: [],
      strings: ['"'],
      multiline: '"',
      keywords: words('def defn defun define fn if let lambda cond do when quote nil true false t ns require'),
    },
  ],
];

const byLanguage = new Map(
  syntaxes.flatMap(([languages, syntax]) => languages.split(' ').map((language) => [language, syntax] as const)),
);

/** Prose has no syntax to colour, apart from code in backticks. */
const prose: Syntax = { lineComments: [], blockComments: [], strings: ['`'], multiline: '', keywords: new Set() };
const proseLanguages = new Set(['markdown', 'restructuredtext', 'asciidoc', 'plaintext', 'latex', 'git-commit']);

/** What is not known is coloured by what most languages share. */
const unknown: Syntax = { lineComments: [], blockComments: [], strings: ['"'], multiline: '', keywords: new Set() };

export function isProse(language: string): boolean {
  return proseLanguages.has(language);
}

export function syntaxOf(language: string): Syntax {
  return byLanguage.get(language) ?? (isProse(language) ? prose : unknown);
}
