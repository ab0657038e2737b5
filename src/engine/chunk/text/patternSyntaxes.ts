import type { SymbolKind } from '../../../shared/search.ts';
import type { Pattern, PatternSyntax } from './patternOutline.ts';

function on(kind: SymbolKind, line: RegExp): Pattern {
  return { kind, line };
}

function enclosing(kind: SymbolKind, line: RegExp): Pattern {
  return { kind, line, encloses: true };
}

const slashes = /^\s*(?:\/\/|\/\*|\*)/;
const hashes = /^\s*#/;
const dashes = /^\s*--/;
const semicolons = /^\s*;/;
const percents = /^\s*%/;
const endWord = /^\s*end\b/i;

const never = /^\b$/;
const json: PatternSyntax = { patterns: [on('block', /^\s+"((?:[^"\\]|\\.){1,100})"\s*:/)], data: true, end: never };
const ini: PatternSyntax = {
  patterns: [on('block', /^\s*\[\s*([^\]]{1,100}?)\s*\]/)],
  comment: /^\s*[#;]/,
  data: true,
  end: never,
};

const lisp: PatternSyntax = {
  patterns: [
    on('macro', /^\s*\((?:defmacro|define-syntax|define-macro)\s+\(?([^\s()]+)/),
    on('struct', /^\s*\((?:defstruct|defclass|define-record-type|cl-defstruct|struct)\s+\(?([^\s()]+)/),
    on('variable', /^\s*\((?:defvar|defparameter|defconstant|defconst|defcustom|defgroup|defface)\s+([^\s()]+)/),
    on('function', /^\s*\((?:defun|defmethod|defgeneric|cl-defun|cl-defmethod|defsubst|define)\s+\(?([^\s()]+)/),
  ],
  comment: semicolons,
};

const ocaml: PatternSyntax = {
  patterns: [
    on('module', /^\s*module\s+(?:type\s+|rec\s+)?(\w+)/),
    on('type', /^\s*(?:type|exception)\s+(?:nonrec\s+)?(?:\([^)]*\)\s*|'\w+\s+)?(\w+)/),
    on('class', /^\s*class\s+(?:virtual\s+)?(\w+)/),
    on('function', /^(?: {0,2})(?:let|and|val|external)\s+(?:rec\s+)?(?:inline\s+)?(\w+|\([^)]+\))/),
  ],
  comment: /^\s*\(\*/,
  end: endWord,
};

const groovyLike: PatternSyntax = {
  patterns: [
    on('class', /^\s*(?:(?:public|private|protected|static|final|abstract)\s+)*(?:class|interface|trait|enum)\s+(\w+)/),
    on('function', /^\s*(?:task|stage)\s*\(?\s*['"]?([\w -]+)/),
    on(
      'function',
      /^\s*(?:(?:public|private|protected|static|final|def|void|[A-Z][\w<>[\]]*|int|boolean|long)\s+)+(\w+)\s*\([^)]*\)\s*(?:throws [\w, ]+)?\{/,
    ),
    on('block', /^(\w+)\s*\{\s*$/),
  ],
  comment: slashes,
};

/** Languages without a grammar package, by VS Code language id. */
export const patternSyntaxes: Readonly<Record<string, PatternSyntax>> = {
  json,
  jsonc: json,
  json5: json,
  ini,
  properties: ini,
  toml: { ...ini, patterns: [on('block', /^\s*\[{1,2}\s*([^\]]{1,100}?)\s*\]{1,2}/)] },
  yaml: {
    patterns: [on('block', /^(?!---)["']?([^\s#:"'-][^:#"']{0,80}?)["']?\s*:(?:\s|$)/)],
    comment: hashes,
    data: true,
    end: never,
  },
  makefile: {
    patterns: [
      on('function', /^define\s+(\w+)/),
      on('function', /^(?!\.PHONY)([\w./%$(){}-][^:=#\t]{0,100}?)\s*::?(?!=)(?:\s|$)/),
    ],
    comment: hashes,
    end: /^endef\b/,
  },
  just: { patterns: [on('function', /^@?([\w-]+)(?:\s+[^:=]*)?:(?!=)/)], comment: hashes },
  dockerfile: { patterns: [on('module', /^FROM\s+(?:.*\s+AS\s+)?(\S+)/i)], comment: hashes },
  cmake: {
    patterns: [
      on('function', /^\s*(?:function|macro)\s*\(\s*(\w+)/i),
      on('variable', /^\s*(?:add_library|add_executable|add_custom_target|project|option)\s*\(\s*([\w${}-]+)/i),
    ],
    comment: hashes,
    end: /^\s*(?:\)|endfunction|endmacro)/i,
  },
  proto3: {
    patterns: [
      on('struct', /^\s*(?:message|extend)\s+([\w.]+)/),
      on('enum', /^\s*enum\s+(\w+)/),
      on('interface', /^\s*service\s+(\w+)/),
      on('method', /^\s*rpc\s+(\w+)/),
    ],
    comment: slashes,
  },
  thrift: {
    patterns: [
      on('struct', /^\s*(?:struct|union|exception)\s+(\w+)/),
      on('enum', /^\s*enum\s+(\w+)/),
      on('interface', /^\s*service\s+(\w+)/),
    ],
    comment: /^\s*(?:\/\/|\/\*|\*|#)/,
  },
  graphql: {
    patterns: [
      on('type', /^(?:extend\s+)?(?:type|input|scalar|union)\s+(\w+)/),
      on('interface', /^(?:extend\s+)?interface\s+(\w+)/),
      on('enum', /^(?:extend\s+)?enum\s+(\w+)/),
      on('function', /^(?:query|mutation|subscription|fragment)\s+(\w+)/),
    ],
    comment: /^\s*[#"]/,
  },
  'objective-c': {
    patterns: [
      enclosing('class', /^@(?:interface|implementation)\s+(\w+(?:\s*\(\w*\))?)/),
      enclosing('interface', /^@protocol\s+(\w+)(?!.*;)/),
      on('method', /^[-+]\s*\([^)]*\)\s*(\w+)(?!.*;\s*$)/),
      on('macro', /^#define\s+(\w+)/),
      on('type', /^typedef\s+.*?\b(\w+)\s*(?:;|\{|,)/),
      on('function', /^(?:static\s+|extern\s+|inline\s+)*[\w*]+[\s*]+(\w+)\s*\([^;]*$/),
    ],
    comment: slashes,
    end: /^(?:@end|\})/,
  },
  julia: {
    patterns: [
      enclosing('module', /^\s*(?:bare)?module\s+(\w+)/),
      on('struct', /^\s*(?:mutable\s+struct|struct|abstract\s+type|primitive\s+type)\s+(\w+)/),
      on('macro', /^\s*macro\s+(\w+)/),
      on('function', /^\s*(?:@\w+\s+)*function\s+([\w.!]+)/),
      on('function', /^\s*([\w.!]+)\([^=]*\)(?:::\w+)?\s*=(?!=)/),
      on('constant', /^\s*const\s+(\w+)/),
    ],
    comment: hashes,
    end: endWord,
  },
  erlang: {
    patterns: [
      on('struct', /^-record\(\s*(\w+)/),
      on('type', /^-(?:type|opaque)\s+(\w+)/),
      on('macro', /^-define\(\s*(\w+)/),
      on('function', /^([a-z]\w*|'[^']+')\(.*(?:->|when|,|\))\s*.*$/),
    ],
    comment: percents,
  },
  ocaml,
  fsharp: { ...ocaml, comment: /^\s*(?:\/\/|\(\*)/ },
  lisp,
  scheme: lisp,
  groovy: groovyLike,
  vb: {
    patterns: [
      on(
        'class',
        /^\s*(?:(?:Public|Private|Friend|Protected|Partial|MustInherit|NotInheritable)\s+)*(?:Class|Module|Structure)\s+(\w+)/i,
      ),
      on('interface', /^\s*(?:Public\s+|Private\s+|Friend\s+)*Interface\s+(\w+)/i),
      on('enum', /^\s*(?:Public\s+|Private\s+|Friend\s+)*Enum\s+(\w+)/i),
      on(
        'function',
        /^\s*(?:(?:Public|Private|Friend|Protected|Shared|Overrides|Overridable|Async|Static)\s+)*(?:Function|Sub|Property)\s+(\w+)/i,
      ),
    ],
    comment: /^\s*'/,
    end: endWord,
  },
  solidity: {
    patterns: [
      on('class', /^\s*(?:abstract\s+)?(?:contract|library)\s+(\w+)/),
      on('interface', /^\s*interface\s+(\w+)/),
      on('struct', /^\s*struct\s+(\w+)/),
      on('enum', /^\s*enum\s+(\w+)/),
      on('function', /^\s*(?:function|modifier|event|error)\s+(\w+)/),
      on('constructor', /^\s*(constructor)\s*\(/),
    ],
    comment: slashes,
  },
  nim: {
    patterns: [
      on('function', /^\s*(?:proc|func|method|iterator|converter)\s+(`[^`]+`|\w+)/),
      on('macro', /^\s*(?:macro|template)\s+(`[^`]+`|\w+)/),
      on('type', /^ {2}(\w+)\*?\s*(?:\[[^\]]*\])?\s*=\s*(?:ref |ptr )?(?:object|enum|tuple|distinct)/),
    ],
    comment: hashes,
  },
  d: groovyLike,
  v: {
    patterns: [
      on('struct', /^(?:pub\s+)?(?:struct|union)\s+(\w+)/),
      on('enum', /^(?:pub\s+)?enum\s+(\w+)/),
      on('interface', /^(?:pub\s+)?interface\s+(\w+)/),
      on('function', /^(?:pub\s+)?fn\s+(?:\([^)]*\)\s*)?(\w+)/),
    ],
    comment: slashes,
  },
  pascal: {
    patterns: [
      on('class', /^\s*(\w+)\s*=\s*(?:class|record|interface|object)\b/i),
      on('function', /^\s*(?:class\s+)?(?:function|procedure|constructor|destructor)\s+([\w.]+)/i),
    ],
    comment: /^\s*(?:\/\/|\{|\(\*)/,
    end: endWord,
  },
  fortran: {
    patterns: [
      on('module', /^\s*(?:module|program)\s+(?!procedure)(\w+)/i),
      on('type', /^\s*type\s*(?:,[^:]*)?::\s*(\w+)/i),
      on(
        'function',
        /^\s*(?!end)(?:(?:pure|elemental|recursive|integer|real|logical|double precision|character\S*|type\(\w+\))\s+)*(?:function|subroutine)\s+(\w+)/i,
      ),
    ],
    comment: /^\s*!/,
    end: endWord,
  },
  viml: {
    patterns: [
      on('function', /^\s*fu(?:nction)?!?\s+([\w:#.<>]+)/),
      on('function', /^\s*com(?:mand)?!?\s+(?:-\S+\s+)*(\w+)/),
    ],
    comment: /^\s*"/,
    end: /^\s*endf/,
  },
  tcl: { patterns: [on('function', /^\s*proc\s+(\S+)/)], comment: hashes },
  awk: { patterns: [on('function', /^\s*function\s+(\w+)/)], comment: hashes },
  verilog: {
    patterns: [
      on('module', /^\s*(?:module|package|interface|class)\s+(\w+)/),
      on('function', /^\s*(?:function|task)\s+(?:automatic\s+)?(?:[\w[\]:]+\s+)*?(\w+)\s*[(;]/),
    ],
    comment: slashes,
    end: /^\s*end(?:module|package|interface|class|function|task)/,
  },
  vhdl: {
    patterns: [
      on('module', /^\s*(?:entity|architecture|package)\s+(?:body\s+)?(\w+)/i),
      on('function', /^\s*(?:function|procedure|component)\s+(\w+)/i),
    ],
    comment: dashes,
    end: endWord,
  },
  starlark: { patterns: [on('function', /^def\s+(\w+)/), on('constant', /^([A-Z][A-Z0-9_]+)\s*=/)], comment: hashes },
  asm: { patterns: [on('function', /^([A-Za-z_.$][\w.$]*):/)], comment: /^\s*(?:[;#@]|\/\/|\/\*|\*)/ },
  glsl: shaderSyntax(),
  hlsl: shaderSyntax(),
  metal: shaderSyntax(),
  wgsl: {
    patterns: [
      on('function', /^\s*fn\s+(\w+)/),
      on('struct', /^\s*struct\s+(\w+)/),
      on('variable', /^\s*(?:var|let|const)\b[^;]*?(\w+)\s*:/),
    ],
    comment: slashes,
  },
  bicep: {
    patterns: [
      on('module', /^module\s+(\w+)/),
      on('block', /^resource\s+(\w+)/),
      on('variable', /^(?:param|var|output)\s+(\w+)/),
    ],
    comment: slashes,
  },
  coffeescript: {
    patterns: [on('class', /^\s*class\s+([\w.]+)/), on('function', /^\s*@?([\w.]+)\s*[:=]\s*(?:\([^)]*\))?\s*[-=]>/)],
    comment: hashes,
  },
};

function shaderSyntax(): PatternSyntax {
  return {
    patterns: [
      on('struct', /^\s*(?:struct|cbuffer)\s+(\w+)/),
      on('macro', /^\s*#define\s+(\w+)/),
      on('function', /^[a-z]\w*(?:\s+\w+)*?\s+(\w+)\s*\([^;]*$/),
    ],
    comment: slashes,
  };
}
