using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;
using Symbolicator.Formats.Pdb.Types;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>
/// Finds where inlined functions begin in their sources: in the module that inlines them, or with link-time code
/// generation in the module that they come from, whose list of files then counts.
/// </summary>
internal sealed class InlineeSources(PdbFile pdb, ModuleLines module, PdbFunctionNames names)
{
    private const int MostEntries = 4 << 20; // of all modules that others take functions from

    private readonly Dictionary<int, Origin> _others = []; // by stream
    private int _entries;

    /// <summary>False when no module says where the function begins.</summary>
    /// <param name="inlinee">Its item.</param>
    /// <param name="files">The list that the files of its lines are in.</param>
    /// <param name="file">File where it begins, in that list.</param>
    /// <param name="line">Line where it begins.</param>
    public bool TryFind(uint inlinee, out FileChecksums files, out uint file, out uint line)
    {
        files = module.Checksums;
        if (module.Inlinees.TryGet(inlinee, out file, out line))
        {
            return true;
        }

        if (!names.TryFindOwner(inlinee, out uint number, out var owner))
        {
            return false;
        }

        if (module.Inlinees.TryGet(number, out file, out line))
        {
            return true;
        }

        var origin = OriginOf(owner);
        files = origin.Files;
        return origin.Inlinees.TryGet(number, out file, out line);
    }

    private Origin OriginOf(in PdbModule owner)
    {
        if (_others.TryGetValue(owner.Stream, out var origin))
        {
            return origin;
        }

        origin = new Origin(new InlineeLines(), new FileChecksums());
        _others.Add(owner.Stream, origin);
        using var stream = new MsfReader(pdb.Msf.Open(owner.Stream));
        if (_entries >= MostEntries)
        {
            pdb.Faults.Add(stream.FaultAt(MalformedReason.CountOverLimit, owner.C13Start), "inlined functions of other modules");
            return origin;
        }

        var subsections = new SubsectionCursor(stream, owner.C13In(stream.Length));
        while (subsections.TryReadNext(out uint kind, out var content))
        {
            if (kind == SubsectionKind.InlineeLines)
            {
                origin.Inlinees.Read(stream, content, pdb.Limits, pdb.Faults);
            }
            else if (kind == SubsectionKind.FileChecksums)
            {
                origin.Files.Read(stream, content, pdb.Limits, pdb.Faults);
            }
        }

        _entries += origin.Inlinees.Count + origin.Files.Count;
        return origin;
    }

    private sealed record Origin(InlineeLines Inlinees, FileChecksums Files);
}
