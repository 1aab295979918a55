namespace Symbolicator.Formats.Archives;

/// <summary>The native libraries that decompression needs, to be checked when a program starts.</summary>
public static class ArchiveLibraries
{
    /// <summary>One error for each library that cannot be loaded.</summary>
    public static IReadOnlyList<MissingLibraryException> FindMissing()
    {
        var missing = new List<MissingLibraryException>();
        foreach (var verify in (Action[])[Zstd.Verify, Xz.Verify])
        {
            try
            {
                verify();
            }
            catch (MissingLibraryException e)
            {
                missing.Add(e);
            }
        }

        return missing;
    }
}
