namespace Symbolicator.Formats.Model;

/// <summary>What an object file is for.</summary>
public enum ObjectKind : byte
{
    None,
    Relocatable,
    Executable,
    Library,
    Dump,
    Debug,
    Sources,
    Other,
}
