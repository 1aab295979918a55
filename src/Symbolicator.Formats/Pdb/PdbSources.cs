using System.Globalization;
using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;
using Symbolicator.Formats.Sources;

namespace Symbolicator.Formats.Pdb;

/// <summary>Where a PDB tells how to find the sources: maps written by the linker and by tools after it.</summary>
internal static class PdbSources
{
    private const string SourceServerStream = "srcsrv";
    private const string SourceLinkStream = "sourcelink";
    private const int MostBytes = 64 << 20;

    // Each linked library may bring a map of its own.
    private const int MostLinkStreams = 1024;

    public static bool Exist(PdbFile pdb)
    {
        foreach (string name in (ReadOnlySpan<string>)[SourceServerStream, SourceLinkStream, Numbered(0), Numbered(1)])
        {
            if (pdb.Msf.LengthOf(pdb.Info.FindStream(name)) > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Null when there is none, or none that can be read, which is logged.</summary>
    public static SourceServerIndex? ReadSourceServer(PdbFile pdb)
    {
        using var stream = new MsfReader(pdb.OpenNamedStream(SourceServerStream));
        if (stream.Length == 0)
        {
            return null;
        }

        if (TryReadAll(stream, out var text) && SourceServerIndex.TryParse(text, out var index))
        {
            return index;
        }

        pdb.Faults.Add(stream.FaultAt(MalformedReason.BadEncoding, 0), SourceServerStream);
        return null;
    }

    /// <summary>All maps in one; null when there is none that can be read.</summary>
    public static SourceLinkMap? ReadSourceLink(PdbFile pdb)
    {
        var maps = new List<SourceLinkMap>();
        var known = new HashSet<int>();
        AddMap(pdb, SourceLinkStream, known, maps);
        for (int i = 0; i < MostLinkStreams && (AddMap(pdb, Numbered(i), known, maps) || i == 0); i++)
        {
            // Numbers start at 1 with some linkers and at 0 with others.
        }

        return maps.Count switch
        {
            0 => null,
            1 => maps[0],
            _ => SourceLinkMap.Merge(maps),
        };
    }

    /// <summary>False when there is no such stream. Several names of one stream are one map.</summary>
    private static bool AddMap(PdbFile pdb, string name, HashSet<int> known, List<SourceLinkMap> maps)
    {
        int number = pdb.Info.FindStream(name);
        using var stream = new MsfReader(pdb.Msf.Open(number));
        if (stream.Length == 0)
        {
            return false;
        }

        if (!known.Add(number))
        {
            return true;
        }

        if (TryReadAll(stream, out var json) && SourceLinkMap.TryParse(json, out var map))
        {
            maps.Add(map);
        }
        else
        {
            pdb.Faults.Add(stream.FaultAt(MalformedReason.BadEncoding, 0), SourceLinkStream);
        }

        return true;
    }

    private static bool TryReadAll(MsfReader stream, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        return stream.Length <= MostBytes && stream.TryRead(0, (int)stream.Length, out bytes);
    }

    private static string Numbered(int number) => SourceLinkStream + "$" + number.ToString(CultureInfo.InvariantCulture);
}
