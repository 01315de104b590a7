/**
 * Requirements for every public declaration: a sentence, a release tag, and that everything it mentions can be imported.
 * Reads declarations (`.d.ts`) and reports what is missing and where.
 *
 * Three kinds of names may be mentioned without being exported: the class expressions that errors extend (`StepFailed_base`),
 * whose fields are checked instead; anything marked `@internal`; and the compiler's own rules, in `types/`, which would
 * crowd every completion although users cannot do anything with `CheckedCases`.
 */
import { join, relative } from "node:path";
import ts from "typescript-6";

/** An entry point as the rules need it: its import specifier and its declarations. */
export interface Entry {
  readonly specifier: string;
  readonly declarations: string;
}

const releaseTags = new Set(["public", "beta", "alpha", "internal"]);

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

/**
 * All omissions of the entry points, one sentence each, in source order. `folder` holds the declarations; its `types`
 * folder holds the helpers that may stay unexported.
 */
export const omissions = (entries: ReadonlyArray<Entry>, folder: string): ReadonlyArray<string> => {
  const program = ts.createProgram(
    entries.map(({ declarations }) => declarations),
    options,
  );
  const checker = program.getTypeChecker();
  const found = new Set<string>();

  const target = (symbol: ts.Symbol): ts.Symbol =>
    (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);

  /** The declarations of a symbol inside the library. */
  const own = (symbol: ts.Symbol): ReadonlyArray<ts.Declaration> =>
    (symbol.declarations ?? []).filter(
      (declaration) => !relative(folder, declaration.getSourceFile().fileName).startsWith(".."),
    );

  const place = (node: ts.Node): string => {
    const file = node.getSourceFile();
    return `${relative(folder, file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
  };

  const hasSentence = (symbol: ts.Symbol): boolean =>
    ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() !== "";

  const exported = new Map(
    entries.map(({ specifier, declarations }) => {
      const file = program.getSourceFile(declarations);
      const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
      if (module === undefined) throw new Error(`${declarations} is not a module. Run npm run build first.`);
      return [specifier, checker.getExportsOfModule(module).map(target)] as const;
    }),
  );
  const importable = new Set([...exported.values()].flat());

  /** Examines everything inside a declaration. */
  const walk = (node: ts.Node, specifier: string, owner: string): void => {
    const inside = (child: ts.Node): void => walk(child, specifier, owner);
    if (
      ts.isPropertySignature(node) ||
      ts.isMethodSignature(node) ||
      ts.isPropertyDeclaration(node) ||
      ts.isMethodDeclaration(node) ||
      ts.isGetAccessor(node)
    ) {
      if ((ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0) return;
      // A key that is a private symbol is not part of the public API.
      if (ts.isComputedPropertyName(node.name)) return;
      const symbol = checker.getSymbolAtLocation(node.name);
      // Effect writes the tags of its own classes, and a class's name is documentation enough.
      if (symbol?.name === "_tag") return;
      if (symbol !== undefined && !hasSentence(symbol))
        found.add(`${specifier}: no word about '${symbol.name}' of '${owner}' (${place(node)})`);
    }
    if (ts.isIdentifier(node)) mention(node, specifier, owner);
    // The type that a conditional type tests for is only a pattern, which users never receive.
    if (ts.isConditionalTypeNode(node)) {
      for (const part of [node.checkType, node.trueType, node.falseType]) inside(part);
    } else ts.forEachChild(node, inside);
  };

  const walked = new Set<ts.Symbol>();

  /** A name inside a declaration: the thing it refers to must be importable. */
  const mention = (node: ts.Identifier, specifier: string, owner: string): void => {
    const mentioned = checker.getSymbolAtLocation(node);
    if (mentioned === undefined) return;
    const symbol = target(mentioned);
    const isOfFile = own(symbol).some(
      ({ parent }) =>
        ts.isSourceFile(parent) ||
        (ts.isVariableDeclarationList(parent) && ts.isSourceFile(parent.parent.parent)),
    );
    if (!isOfFile || importable.has(symbol)) return;
    const isHelper = own(symbol).some((declaration) =>
      declaration.getSourceFile().fileName.startsWith(join(folder, "types/")),
    );
    if (isHelper || symbol.getJsDocTags(checker).some(({ name }) => name === "internal")) return;
    if (!symbol.name.endsWith("_base")) {
      found.add(`${specifier}: '${owner}' mentions '${symbol.name}', which is not exported (${place(node)})`);
    } else if (!walked.has(symbol)) {
      walked.add(symbol);
      for (const declaration of own(symbol)) walk(declaration, specifier, owner);
    }
  };

  for (const [specifier, symbols] of exported) {
    for (const symbol of symbols) {
      const declarations = own(symbol);
      const [first] = declarations;
      if (first === undefined) continue;
      const where = `(${place(first)})`;
      if (!hasSentence(symbol)) found.add(`${specifier}: no word about '${symbol.name}' ${where}`);
      const tags = symbol.getJsDocTags(checker).map(({ name }) => name);
      if (!tags.some((name) => releaseTags.has(name)))
        found.add(`${specifier}: no release tag on '${symbol.name}', such as @public ${where}`);
      for (const declaration of declarations) walk(declaration, specifier, symbol.name);
    }
  }
  return [...found];
};
