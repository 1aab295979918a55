using Symbolicator.Formats.Model;

namespace Symbolicator.Cli.Output;

/// <summary>Names of formats and kinds in the output.</summary>
internal static class WireNames
{
    public static string Of(FileFormat format) => format switch
    {
        FileFormat.Elf => "elf",
        FileFormat.MachO => "macho",
        FileFormat.Pe => "pe",
        FileFormat.Pdb => "pdb",
        FileFormat.PortablePdb => "portablepdb",
        FileFormat.Breakpad => "breakpad",
        FileFormat.Wasm => "wasm",
        FileFormat.SourceBundle => "sourcebundle",
        FileFormat.Minidump => "minidump",
        FileFormat.SymCache => "symcache",
        _ => "unknown",
    };

    public static string Of(ObjectKind kind) => kind switch
    {
        ObjectKind.Relocatable => "relocatable",
        ObjectKind.Executable => "executable",
        ObjectKind.Library => "library",
        ObjectKind.Debug => "debug",
        _ => "other",
    };
}
