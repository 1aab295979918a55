namespace Symbolicator.Formats.Model;

/// <summary>Kinds of files that are told apart by their first bytes, also those that this version cannot read.</summary>
public enum FileFormat : byte
{
    Unknown,
    Elf,
    MachO,
    Pe,
    Pdb,
    PortablePdb,
    Breakpad,
    Wasm,
    SourceBundle,
    Minidump,
    SymCache,
}
