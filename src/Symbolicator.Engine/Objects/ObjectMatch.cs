using Symbolicator.Engine.Sources;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Objects;

/// <summary>Whether a file is the one that was asked for: a wrong one would give wrong names.</summary>
public static class ObjectMatch
{
    /// <summary>The object of a file that was asked for; null when there is none.</summary>
    public static IObjectFile? Choose(IReadOnlyList<IObjectFile> objects, ObjectQuery query)
    {
        foreach (var candidate in objects)
        {
            if (Matches(query, candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>
    /// Debug ids decide, where both sides have one: the same UUID, and an age that is not older. Equal code ids decide
    /// where there is none to compare, and always for ELF, whose debug ids are only cut from them. A file without any
    /// id to compare is refused unless nothing was asked for by id.
    /// </summary>
    public static bool Matches(ObjectQuery query, IObjectFile file)
    {
        if (query.DebugId is null && query.CodeId is null)
        {
            return true;
        }

        if (query.DebugId is { } wanted && file.DebugId is { } actual && wanted.High == actual.High && wanted.Low == actual.Low)
        {
            return actual.Age >= wanted.Age;
        }

        bool sameCode = query.CodeId is { } code && file.CodeId == code;
        return sameCode && (file.Format == FileFormat.Elf || query.DebugId is null || file.DebugId is null);
    }
}
