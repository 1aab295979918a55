using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Objects;

/// <summary>Whether a file is the one that was asked for: a wrong one would give wrong names.</summary>
public static class ObjectMatch
{
    /// <summary>
    /// Which object of a file was asked for: the first one that matches, but none of another age where there is one of the
    /// same; -1 when there is none.
    /// </summary>
    public static int Choose(IReadOnlyList<IObjectFile> objects, ObjectQuery query)
    {
        int chosen = -1;
        for (int i = 0; i < objects.Count; i++)
        {
            if (!Matches(query, objects[i]))
            {
                continue;
            }

            if (!IsOfAnotherAge(query, objects[i].DebugId, objects[i].CodeId))
            {
                return i;
            }

            chosen = chosen < 0 ? i : chosen;
        }

        return chosen;
    }

    /// <summary>
    /// Debug ids decide, where both sides have one: the same UUID, and an age that is not older. Equal code ids decide
    /// where there is none to compare, and always for ELF, whose debug ids are only cut from them; so the debug id of a
    /// file without code id is compared with the one that would be cut from the wanted code id. A file without any id
    /// to compare is refused unless nothing was asked for by id.
    /// </summary>
    public static bool Matches(ObjectQuery query, IObjectFile file)
    {
        if (query.DebugId is null && query.CodeId is null)
        {
            return true;
        }

        bool sameCode = query.CodeId is { } code && file.CodeId == code;
        if (sameCode && file.Format == FileFormat.Elf)
        {
            return true;
        }

        if (query.DebugId is { } wanted && file.DebugId is { } actual)
        {
            return wanted.High == actual.High && wanted.Low == actual.Low && actual.Age >= wanted.Age;
        }

        return sameCode || (query is { DebugId: null, CodeId: { } id } && file is { CodeId: null, DebugId: { } cut } && IsCutFrom(cut, id));
    }

    /// <summary>
    /// True for a file that matches by its UUID alone. A PDB that was written again after the link, as by another
    /// incremental one, has a higher age; its functions may lie elsewhere.
    /// </summary>
    public static bool IsOfAnotherAge(ObjectQuery query, DebugId? debugId, CodeId? codeId) =>
        query.DebugId is { } wanted && debugId is { } actual && wanted != actual && wanted == actual with { Age = wanted.Age }
        && (codeId is null || codeId != query.CodeId);

    /// <summary>True for the debug id of an ELF or Mach-O image with this code id.</summary>
    private static bool IsCutFrom(DebugId debugId, CodeId codeId)
    {
        // Shorter ids are timestamps and sizes of PE images or say too little.
        if (codeId.Hex.Length < 32 || codeId.Hex.Length % 2 != 0)
        {
            return false;
        }

        byte[] bytes = Convert.FromHexString(codeId.Hex);
        var cut = debugId with { Age = 0 };
        return cut == DebugId.FromBuildId(bytes, bigEndian: false) || cut == DebugId.FromBuildId(bytes, bigEndian: true);
    }
}
