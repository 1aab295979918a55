namespace Symbolicator.Service.Configuration;

/// <summary>Finds what was probably meant by a misspelled key.</summary>
internal static class NearestName
{
    /// <summary>The candidate with the fewest single-letter edits, at most a third of the name; null when none is near.</summary>
    public static string? Find(string name, IEnumerable<string> candidates)
    {
        int best = Math.Max(1, name.Length / 3) + 1;
        string? nearest = null;
        foreach (string candidate in candidates.Order(StringComparer.Ordinal))
        {
            int distance = Distance(name, candidate);
            if (distance < best)
            {
                best = distance;
                nearest = candidate;
            }
        }

        return nearest;
    }

    private static int Distance(string a, string b)
    {
        if (a.Length > 100)
        {
            return int.MaxValue;
        }

        var row = new int[b.Length + 1];
        for (int j = 0; j < row.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
