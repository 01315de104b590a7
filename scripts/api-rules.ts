/**
 * What every public declaration owes to who reads it: a sentence, a release tag, and that all it mentions can be
 * imported. Reads declarations (`.d.ts`), and says of each omission what is missing and where.
 *
 * Three things may be mentioned without being exported: the class expressions that errors extend (`StepFailed_base`),
 * whose fields are looked at instead; what is marked `@internal`; and the compiler's own rules, in `types/`: they would
 * crowd every completion, and no user can do anything with `CheckedCases`.
 */
import { join, relative } from "node:path";
import ts from "typescript-6";

/** An entry point as the rules need it: how it is imported, and its declarations. */
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
 * All omissions of the entry points, a sentence for each, in the order of the sources. `folder` holds the declarations;
 * in its `types` stand the helpers that may stay unexported.
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

  /** The declarations of a symbol that are the library's. */
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

  /** Looks at all that stands inside a declaration. */
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
      // Effect writes the tag of its own classes, and the name of the class says what it is.
      if (symbol?.name === "_tag") return;
      if (symbol !== undefined && !hasSentence(symbol))
        found.add(`${specifier}: no word about '${symbol.name}' of '${owner}' (${place(node)})`);
    }
    if (ts.isIdentifier(node)) mention(node, specifier, owner);
    // The type that a conditional type compares with is a pattern, which users never receive.
    if (ts.isConditionalTypeNode(node)) {
      for (const part of [node.checkType, node.trueType, node.falseType]) inside(part);
    } else ts.forEachChild(node, inside);
  };

  const walked = new Set<ts.Symbol>();

  /** A name inside a declaration: what it means must be importable. */
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
