using System.Buffers.Binary;

namespace Symbolicator.Formats.Model;

/// <summary>Magic numbers of formats without a reader of their own here, so that errors can name them.</summary>
internal static class KnownMagic
{
    private static ReadOnlySpan<byte> OldPdb => "Microsoft C/C++ program database "u8;

    public static FileFormat Probe(ReadOnlySpan<byte> prefix)
    {
        if (prefix.StartsWith("Microsoft C/C++ MSF "u8) || prefix.StartsWith(OldPdb))
        {
            return FileFormat.Pdb;
        }

        if (prefix.StartsWith("BSJB"u8))
        {
            return FileFormat.PortablePdb;
        }

        if (prefix.StartsWith("\0asm"u8))
        {
            return FileFormat.Wasm;
        }

        if (prefix.StartsWith("MDMP"u8) || prefix.StartsWith("PMDM"u8))
        {
            return FileFormat.Minidump;
        }

        if (prefix.StartsWith("SYSB"u8))
        {
            return FileFormat.SourceBundle;
        }

        if (prefix.StartsWith("SCF1"u8))
        {
            return FileFormat.SymCache;
        }

        return IsMachO(prefix) ? FileFormat.MachO : FileFormat.Unknown;
    }

    /// <summary>For people: why there is no reader.</summary>
    public static string Describe(ReadOnlySpan<byte> prefix) => prefix.StartsWith(OldPdb)
        ? "a PDB 2.00 of Visual C++ 6 or older"
        : Probe(prefix) switch
        {
            FileFormat.PortablePdb => "symbols of .NET code",
            FileFormat.Minidump => "a crash dump",
            _ => "not an object file that can be read",
        };

    private static bool IsMachO(ReadOnlySpan<byte> prefix)
    {
        if (prefix.Length < 8)
        {
            return false;
        }

        return BinaryPrimitives.ReadUInt32BigEndian(prefix) switch
        {
            0xfeedface or 0xfeedfacf or 0xcefaedfe or 0xcffaedfe or 0xcafebabf => true,

            // A fat file shares its magic with Java classes, where a version of at least 45 stands in place of the count.
            0xcafebabe => BinaryPrimitives.ReadUInt32BigEndian(prefix[4..]) < 45,
            _ => false,
        };
    }
}
