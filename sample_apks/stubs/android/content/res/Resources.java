package android.content.res;

import java.io.InputStream;

public class Resources {
    public InputStream openRawResource(int id) {
        return null;
    }

    public String getString(int id) {
        return null;
    }

    public String[] getStringArray(int id) {
        return null;
    }
}
